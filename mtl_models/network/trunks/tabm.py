"""TabM's trunk: an ensemble of multi-layer perceptrons that share nearly all of their weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.layers import repeat_rows
from mtl_models.network.trunks.base import Trunk
from mtl_models.network.views import ViewSet


class EnsembleTrunk(Trunk):
    """``k`` members, each with a representation and a last layer of its own in every head.

    Source: Gorishniy et al., TabM, ICLR (2025), section 3; backbones of the package ``tabm``.

    Differs:
        Hidden layers of heads are shared between the members; the paper has none.
    """

    class Options(settings.Options):
        """``k`` members of ``n_blocks`` layers of ``d_block``; ``kind``: ``tabm``, ``tabm-mini`` or ``tabm-packed``.

        ``tabm-packed`` shares nothing: k networks side by side.
        """

        k: int = Field(default=16, ge=1)
        n_blocks: int = Field(default=2, ge=1)
        d_block: int = Field(default=192, ge=1)
        dropout: float = Field(default=0.1, ge=0, lt=1)
        kind: Literal["tabm", "tabm-mini", "tabm-packed"] = "tabm"
        start: Literal["random-signs", "normal"] = "random-signs"

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        import tabm  # brings scikit-learn, which a look at options needs not

        super().__init__()
        self.options = options
        self.members = options.k
        self.widths = dict.fromkeys(tasks, options.d_block)
        self.backbone: nn.Module = tabm.make_tabm_backbone(
            d_in=width,
            n_blocks=options.n_blocks,
            d_block=options.d_block,
            dropout=options.dropout,
            k=options.k,
            arch_type=options.kind,
            start_scaling_init=None if options.kind == "tabm-packed" else options.start,
            # a scale of its own for each column, until arrange() knows the features
            start_scaling_init_chunks=None if options.kind == "tabm-packed" else [1] * width,
        )

    def arrange(self, chunks: Sequence[int]) -> None:
        """Let the columns of a feature start with one scale, as the package advises for embeddings."""
        from tabm import init_scaling_

        scale = {
            "tabm": lambda: self.backbone.get_parameter("blocks.0.0.r"),
            "tabm-mini": lambda: self.backbone.get_parameter("affine.weight"),
        }.get(self.options.kind)
        if scale is not None:
            init_scaling_(scale(), self.options.start, list(chunks))

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The scales that tell the members apart: they start at 1 or -1, and all are as far from 0."""
        found = self.backbone.named_parameters()
        return [each for name, each in found if name.split(".")[-1] in ("r", "s") or name == "affine.weight"]

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        members = self.backbone(repeat_rows(encoded, self.members))
        return dict.fromkeys(self.widths, members)

    def in_views(self, encoded: Tensor, views: ViewSet) -> dict[str, Tensor]:
        """Representations by task name; the first layer runs once for all views, then views are further rows."""
        from tabm import LinearBatchEnsemble

        if self.options.kind != "tabm":
            return super().in_views(encoded, views)
        start, *blocks = self.backbone.get_submodule("blocks").children()
        first, *rest = start.children()
        assert isinstance(first, LinearBatchEnsemble)
        # Differs: the view's shift is not scaled by the member, as the rest of the row is
        hidden = views.first_layer(repeat_rows(encoded, self.members) * first.r, first.weight)
        hidden = hidden * first.s[:, None] + first.bias[:, None]
        # views beside rows: (n_rows, members, n_views, d) to (n_rows * n_views, members, d)
        rows = hidden.transpose(1, 2).flatten(0, 1)
        for layer in (*rest, *blocks):
            rows = layer(rows)
        return views.by_task(rows.unflatten(0, (-1, len(views.views))).unbind(dim=1))
