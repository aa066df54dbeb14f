"""Exponential and logarithm of one number, such that loops over them become vector instructions.

Calls of the library's functions would keep a loop from that.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from mistrust.kernels.options import FUSED


@intrinsic
def _bits(_context: Any, _number: Any) -> Any:
    """A float64 seen as an int64."""

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), emit


@intrinsic
def _number(_context: Any, _bits: Any) -> Any:
    """An int64 seen as a float64."""

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), emit


@njit(forceinline=True, **FUSED)
def exponential(x):
    """``exp(x)`` for x <= 0, to about one unit in the last place; 0 below -708.

    Splits x into ``k log 2 + r`` and takes for exp(r) the polynomial of degree 11 that agrees with
    it at the roots of the Chebyshev polynomial on that interval (relative error 4e-18).
    """
    shift = 6755399441055744.0  # 1.5 * 2**52: adding it leaves a rounded integer in the low bits
    v = x if x > -708.0 else -708.0
    s = v * 1.4426950408889634 + shift
    k = s - shift
    r = (v - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 2.511003761756205e-08
    p = p * r + 2.763263965412376e-07
    p = p * r + 2.7557240918547625e-06
    p = p * r + 2.480148548228773e-05
    p = p * r + 0.00019841269890047143
    p = p * r + 0.0013888888952314812
    p = p * r + 0.008333333333319601
    p = p * r + 0.04166666666648809
    p = p * r + 0.1666666666666668
    p = p * r + 0.5000000000000019
    p = p * r + 1.0
    p = (p * r + 1.0) * _number((_bits(s) + 1023) << 52)
    return p if x >= -708.0 else 0.0


@njit(forceinline=True, **FUSED)
def logarithm(x):
    """``log(x)`` for positive normal x, to about one unit in the last place.

    Splits x into ``2**k m`` with m between the roots of 1/2 and 2, and sums the series of
    ``log m = 2 artanh((m - 1) / (m + 1))``.
    """
    bits = _bits(x)
    k = (bits - 4604544271217802189) >> 52  # the bits of the root of 1/2
    m = _number(bits - (k << 52))
    s = (m - 1.0) / (m + 1.0)
    r = s * s
    p = 1.0 / 21.0
    p = p * r + 1.0 / 19.0
    p = p * r + 1.0 / 17.0
    p = p * r + 1.0 / 15.0
    p = p * r + 1.0 / 13.0
    p = p * r + 1.0 / 11.0
    p = p * r + 1.0 / 9.0
    p = p * r + 1.0 / 7.0
    p = p * r + 1.0 / 5.0
    p = p * r + 1.0 / 3.0
    return k * 0.6931471805599453 + 2.0 * (s + s * r * p)
