"""Balancers by name: how much each task moves what the tasks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.balancing.aligned_mtl import AlignedMTL
from mtl_models.balancing.base import Balancer
from mtl_models.balancing.cagrad import CAGrad
from mtl_models.balancing.dwa import DWA
from mtl_models.balancing.equal import Equal
from mtl_models.balancing.famo import FAMO
from mtl_models.balancing.fixed import Fixed
from mtl_models.balancing.gradnorm import GradNorm
from mtl_models.balancing.imtlg import IMTLG
from mtl_models.balancing.mgda import MGDA
from mtl_models.balancing.nashmtl import NashMTL
from mtl_models.balancing.parameters import split_parameters
from mtl_models.balancing.pcgrad import PCGrad
from mtl_models.balancing.random import Random
from mtl_models.balancing.uncertainty import Uncertainty
from mtl_models.balancing.upgrad import UPGrad
from mtl_models.settings import Component, parse_settings

if TYPE_CHECKING:
    from mtl_models.network import Network

# a new balancer: a file beside this one with a Balancer that has an Options class, and a line here
BALANCERS: dict[str, type[Balancer]] = {
    "equal": Equal,
    "fixed": Fixed,
    "random": Random,
    "uncertainty": Uncertainty,
    "dwa": DWA,
    "gradnorm": GradNorm,
    "famo": FAMO,
    "pcgrad": PCGrad,
    "cagrad": CAGrad,
    "mgda": MGDA,
    "nashmtl": NashMTL,
    "imtlg": IMTLG,
    "aligned_mtl": AlignedMTL,
    "upgrad": UPGrad,
}


def make_balancer(component: Component, network: Network, *, seed: int) -> Balancer:
    """The balancer that a component names, for the tasks and parameters of a network.

    With a single task there is nothing to
    balance: every method is then the plain loss.

    Raises:
        ValueError: for an unknown name or option, or a parameter that a head has in common with another part.
    """
    if component.name not in BALANCERS:
        raise ValueError(f"training.balancing.name: {component.name!r} is none of {', '.join(BALANCERS)}")
    kind = BALANCERS[component.name]
    options = parse_settings(kind.Options, component.options, where="training.balancing")
    shared, own = split_parameters(network)
    if len(network.tasks) == 1:
        kind, options = Equal, Equal.Options()
    return kind(network.tasks, shared, own, options, seed=seed)


__all__ = ["BALANCERS", "Balancer", "make_balancer"]
