"""How compiled code calls a loss that was compiled by itself, by its address.

A kernel is a tuple (address, other, law). Both addresses are of functions with the signature
`LOSS`; `other` serves the models for which the first one gives NaN, 0 if there is no such one.
Addresses are found by `kernel.kernels.kernel`.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_FLOATS = types.CPointer(types.float64)
LOSS = types.float64(*[_FLOATS] * 6, *[types.int64] * 3)
"""loss(W (m, n), b (n,), I (n,), S (n,), dW (m, n), db (n,), m, n, law)."""

_DOUBLE = ir.DoubleType()
_WORD = ir.IntType(64)
_C_LOSS = ir.FunctionType(_DOUBLE, [_DOUBLE.as_pointer()] * 6 + [_WORD] * 3)


def _data(context, builder, kind, value):
    return context.make_array(kind)(context, builder, value).data


def _call(builder, kernel, pointers, m, n):
    """The loss by the first address, or where that gives NaN by the second."""
    address, other, law = cgutils.unpack_tuple(builder, kernel)
    arguments = [*pointers, m, n, law]
    place = cgutils.alloca_once(builder, _DOUBLE)
    function = builder.inttoptr(address, _C_LOSS.as_pointer())
    first = builder.call(function, arguments)
    builder.store(first, place)
    wrong = builder.fcmp_unordered("uno", first, first)
    there = builder.icmp_unsigned("!=", other, ir.Constant(_WORD, 0))
    with builder.if_then(builder.and_(wrong, there), likely=False):
        function = builder.inttoptr(other, _C_LOSS.as_pointer())
        builder.store(builder.call(function, arguments), place)
    return builder.load(place)


@intrinsic
def call_loss(typingctx, kernel, W, b, I, S, dW, db):
    """The loss of one model, from arrays in C order; its gradient is written into dW and db."""

    def write(context, builder, signature, arguments):
        kernel = arguments[0]
        pointers = [
            _data(context, builder, kind, value)
            for kind, value in zip(signature.args[1:], arguments[1:], strict=True)
        ]
        array = context.make_array(signature.args[1])(context, builder, arguments[1])
        m, n = cgutils.unpack_tuple(builder, array.shape)
        return _call(builder, kernel, pointers, m, n)

    return types.float64(kernel, W, b, I, S, dW, db), write


@intrinsic
def call_loss_flat(typingctx, kernel, m, n, x, I, S, g):
    """The same for x = (W by rows, b); the gradient is written into g alike."""

    def write(context, builder, signature, arguments):
        kernel, m, n, *values = arguments
        x, I, S, g = (
            _data(context, builder, kind, value)
            for kind, value in zip(signature.args[3:], values, strict=True)
        )
        size = builder.mul(m, n)
        b, db = builder.gep(x, [size]), builder.gep(g, [size])
        return _call(builder, kernel, [x, b, I, S, g, db], m, n)

    return types.float64(kernel, types.int64, types.int64, x, I, S, g), write
