"""The encoders that embed numbers by name: all columns side by side, numbers and categories as vectors."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.encoders.numbers import Periodic, PiecewiseLinear
from mtl_models.network.encoders.plain import PlainEncoder


class PiecewiseLinearEncoder(PlainEncoder):
    """The plain encoder with piecewise-linear numbers."""

    class Options(PiecewiseLinear.Options):
        """``n_bins``, ``d_embedding``: as of the embedding; ``d_category``: size of a category's embedding."""

        d_category: int = Field(default=4, ge=1)

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        plain = PlainEncoder.Options(d_embedding=options.d_category, numbers=options)
        super().__init__(spec, layout, plain, tasks)


class PeriodicEncoder(PlainEncoder):
    """The plain encoder with periodic numbers."""

    class Options(Periodic.Options):
        """``n_frequencies``, ``sigma``, ``d_embedding``: as of the embedding; ``d_category``: of a category's."""

        d_category: int = Field(default=4, ge=1)

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        plain = PlainEncoder.Options(d_embedding=options.d_category, numbers=options)
        super().__init__(spec, layout, plain, tasks)
