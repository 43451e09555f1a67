"""Layers that encoders, trunks and heads share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from mtl_models.network.dropout import Dropout


def hidden_layers(width: int, widths: Sequence[int], *, dropout: float = 0.0) -> nn.Sequential:
    """Linear, ReLU and dropout for each of ``widths``; the identity where there is none.

    Shape:
        ``(..., width)`` to ``(..., widths[-1])``.
    """
    return _stack(nn.Linear, width, widths, dropout=dropout)


def parallel_layers(n: int, width: int, widths: Sequence[int], *, dropout: float = 0.0) -> nn.Sequential:
    """The same for ``n`` networks side by side, which share nothing.

    Shape:
        ``(n_rows, n, width)`` to ``(n_rows, n, widths[-1])``.
    """

    from tabm import LinearEnsemble  # brings scikit-learn, which a look at options needs not

    def linear(d_in: int, d_out: int) -> nn.Module:
        layer: nn.Module = LinearEnsemble(d_in, d_out, k=n)
        return layer

    return _stack(linear, width, widths, dropout=dropout)


def _stack(
    linear: Callable[[int, int], nn.Module], width: int, widths: Sequence[int], *, dropout: float
) -> nn.Sequential:
    layers: list[nn.Module] = []
    for size in widths:
        layers += [linear(width, size), nn.ReLU()]
        if dropout:
            layers.append(Dropout(dropout))
        width = size
    return nn.Sequential(*layers)


def repeat_rows(encoded: Tensor, n: int) -> Tensor:
    """The same row for each of ``n`` networks side by side. Shape: ``(n_rows, width)`` to ``(n_rows, n, width)``."""
    # expanded by -1: the number of rows stays free in an exported graph
    return encoded.unsqueeze(1).expand(-1, n, -1)


class MemberLinear(nn.Module):
    """A linear layer for each member of an ensemble.

    Shape:
        ``(n_rows, members, d_in)`` to ``(n_rows, members, d_out)``.
    """

    def __init__(self, d_in: int, d_out: int, *, members: int, bias: bool = True) -> None:
        from tabm import LinearEnsemble

        super().__init__()
        self.layer = LinearEnsemble(d_in, d_out, bias, k=members)
        self.out_features = d_out

    @property
    def bias(self) -> Tensor:
        """Mean of the members' biases. Shape: ``(d_out,)``."""
        bias: Tensor = self.layer.bias.mean(dim=0)
        return bias

    def forward(self, members: Tensor) -> Tensor:
        """Apply each member's layer to its row."""
        output: Tensor = self.layer(members)
        return output
