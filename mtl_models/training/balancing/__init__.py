"""Balancers by name: how much each task moves what the tasks share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.registry import Registry
from mtl_models.settings import Component, parse_settings
from mtl_models.wording import unknown

if TYPE_CHECKING:
    from mtl_models.network.network import Network
    from mtl_models.training.balancing.base import Balancer

# a new balancer: a file beside this one with a Balancer that has an Options class, and a line here
BALANCERS: Registry[type[Balancer]] = Registry(
    __name__,
    {
        "equal": "equal:Equal",
        "fixed": "fixed:Fixed",
        "random": "random:Random",
        "uncertainty": "uncertainty:Uncertainty",
        "dwa": "dwa:DWA",
        "gradnorm": "gradnorm:GradNorm",
        "famo": "famo:FAMO",
        "pcgrad": "pcgrad:PCGrad",
        "cagrad": "cagrad:CAGrad",
        "mgda": "mgda:MGDA",
        "nashmtl": "nashmtl:NashMTL",
        "imtlg": "imtlg:IMTLG",
        "aligned_mtl": "aligned_mtl:AlignedMTL",
        "upgrad": "upgrad:UPGrad",
    },
)


def make_balancer(component: Component, network: Network, *, seed: int) -> Balancer:
    """The balancer that a component names, for the tasks and parameters of a network.

    With a single task there is nothing to
    balance: every method is then the plain loss.

    Raises:
        ValueError: for an unknown name or option, or a parameter that a head has in common with another part.
    """
    if component.name not in BALANCERS:
        raise ValueError(f"training.balancing.name: {unknown(component.name, BALANCERS)}")
    kind = BALANCERS[component.name]
    options = parse_settings(kind.Options, component.options, where="training.balancing")
    from mtl_models.training.balancing.parameters import split_parameters

    shared, own = split_parameters(network)
    if len(network.tasks) == 1:
        kind = BALANCERS["equal"]
        options = kind.Options()
    return kind(network.tasks, shared, own, options, seed=seed)


__all__ = ["BALANCERS", "make_balancer"]
