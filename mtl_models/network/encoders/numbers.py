"""Numbers as vectors: piecewise-linear and periodic embeddings, for any encoder."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings


class NumberEmbedding(nn.Module):
    """A vector for each number.

    Shape:
        ``(n_rows, n_numbers)``, none missing, to ``(n_rows, n_numbers, d_embedding)``.
    """

    d_embedding: int
    embed: nn.Module

    def fit(self, train: Tensor) -> None:
        """Set the buffers that depend on training rows."""

    def undecayed(self) -> Iterable[nn.Parameter]:
        """Parameters that weight decay must not pull towards zero."""
        return ()

    def forward(self, numbers: Tensor) -> Tensor:
        """Embed rows."""
        embedded: Tensor = self.embed(numbers)
        return embedded


class PiecewiseLinear(NumberEmbedding):
    """A learned curve of straight pieces a number; the pieces end at quantiles of the training rows.

    Source: Gorishniy et al., On Embeddings for Numerical Features, NeurIPS (2022), section 3.2.1, in version B of the
    package ``rtdl_num_embeddings`` (a linear embedding at the start).
    """

    class Options(settings.Options):
        """``n_bins``: the most pieces; ``d_embedding``: size of a number's vector."""

        name: Literal["piecewise_linear"] = "piecewise_linear"
        n_bins: int = Field(default=24, ge=2)
        d_embedding: int = Field(default=8, ge=1)

        def build(self, n_numbers: int) -> PiecewiseLinear:
            """The embedding of so many numbers."""
            return PiecewiseLinear(n_numbers, self)

    def __init__(self, n_numbers: int, options: Options) -> None:
        super().__init__()
        self.options = options
        self.d_embedding = options.d_embedding
        from rtdl_num_embeddings import PiecewiseLinearEmbeddings  # brings scikit-learn, which a look needs not

        # as many pieces as can be, whatever the rows: the shapes of a saved network are known before its weights
        bins = [torch.linspace(-1, 1, options.n_bins + 1)] * n_numbers
        embed = PiecewiseLinearEmbeddings(bins, options.d_embedding, activation=False, version="B")
        embed.impl.single_bin_mask = torch.zeros(n_numbers, dtype=torch.bool)
        self.embed = embed

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The straight line of each number; decay draws the curve towards it, which is what decay is for."""
        return self.embed.get_submodule("linear0").parameters()

    @torch.no_grad()
    def fit(self, train: Tensor) -> None:
        """Take the pieces' ends from the training rows.

        Raises:
            ValueError: for fewer than three rows.
        """
        from rtdl_num_embeddings import PiecewiseLinearEmbeddings, compute_bins

        if len(train) < 3:
            raise ValueError(f"piecewise-linear embeddings need at least 3 training rows, found {len(train)}")
        impl = self.embed.get_submodule("impl")
        weight, bias, single = (impl.get_buffer(name) for name in ("weight", "bias", "single_bin_mask"))
        # compute_bins refuses a column of one value: scaling and clipping can leave such a one, and it has no pieces
        varies = train.min(dim=0).values < train.max(dim=0).values
        weight.zero_()
        bias.zero_()
        single.fill_(True)
        if not varies.any():
            return
        with warnings.catch_warnings():
            # a number of two values has one piece, and rightly so
            warnings.filterwarnings("ignore", message="The .*-th feature has just two bin edges")
            bins = compute_bins(train[:, varies], n_bins=min(self.options.n_bins, len(train) - 1))
            found = PiecewiseLinearEmbeddings(bins, self.d_embedding, activation=False, version="B").impl
        # the package puts the last piece last and zeros between: so do we, with more zeros
        n_leading = found.weight.shape[1] - 1
        for ours, theirs in ((weight, found.weight), (bias, found.bias)):
            fitted = torch.zeros_like(ours[varies])
            fitted[:, :n_leading], fitted[:, -1] = theirs[:, :n_leading], theirs[:, -1]
            ours[varies] = fitted
        single[varies] = torch.tensor([len(edges) == 2 for edges in bins])


class Periodic(NumberEmbedding):
    """Sines and cosines of learned frequencies, then a linear layer a number.

    Source: Gorishniy et al., On Embeddings for Numerical Features, NeurIPS (2022), section 3.3.
    """

    class Options(settings.Options):
        """``n_frequencies``, their scale ``sigma`` at the start, ``d_embedding``: size of a number's vector."""

        name: Literal["periodic"] = "periodic"
        n_frequencies: int = Field(default=24, ge=1)
        sigma: float = Field(default=0.1, gt=0)
        d_embedding: int = Field(default=8, ge=1)

        def build(self, n_numbers: int) -> Periodic:
            """The embedding of so many numbers."""
            return Periodic(n_numbers, self)

    def __init__(self, n_numbers: int, options: Options) -> None:
        super().__init__()
        from rtdl_num_embeddings import PeriodicEmbeddings

        self.d_embedding = options.d_embedding
        self.embed = PeriodicEmbeddings(
            n_numbers,
            options.d_embedding,
            n_frequencies=options.n_frequencies,
            frequency_init_scale=options.sigma,
            lite=False,
        )

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The frequencies: one of zero sees nothing."""
        return self.embed.get_submodule("periodic").parameters()


NumberOptions = Annotated[PiecewiseLinear.Options | Periodic.Options, Field(discriminator="name")]
