"""Exponential and logarithm of one number, such that loops over them become vector instructions.

Calls of the library's functions would keep a loop from that. Both take double or single precision,
and give the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from mistrust.kernels.options import FUSED

_OPTIONS = {**FUSED, "forceinline": True}
_SEEN = {types.float64: types.int64, types.int64: types.float64}
_SEEN |= {types.float32: types.int32, types.int32: types.float32}
_SHAPE = {types.float64: ir.DoubleType(), types.int64: ir.IntType(64)}
_SHAPE |= {types.float32: ir.FloatType(), types.int32: ir.IntType(32)}


@intrinsic
def _bits(_context: Any, number: Any) -> Any:
    """A number seen as an integer of the same length, or the other way round."""
    seen = _SEEN[number]

    def emit(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], _SHAPE[seen])

    return seen(number), emit


def exponential(x: Any) -> Any:
    """``exp(x)`` for x <= 0, to about one unit in the last place.

    0 below -708 in double precision, and below -60 in single precision.
    """
    return np.exp(x)


@overload(exponential, jit_options=_OPTIONS, strict=False)
def _exponential(x: Any) -> Any:
    """Splits x into ``k log 2 + r`` and takes a polynomial for exp(r)."""
    return {types.float64: _double, types.float32: _single}[x]


def _double(x):
    """Degree 11, at the roots of the Chebyshev polynomial (relative error 4e-18)."""
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
    p = (p * r + 1.0) * _bits((_bits(s) + 1023) << 52)
    return p if x >= -708.0 else 0.0


def _single(x):
    """Degree 5 (relative error 1e-7)."""
    f = np.float32
    shift = f(12582912.0)  # 1.5 * 2**23
    v = x if x > f(-60.0) else f(-60.0)
    s = v * f(1.442695041) + shift
    k = s - shift
    r = (v - k * f(0.693359375)) + k * f(0.00021219444005)
    p = f(0.008369148490856347)
    p = p * r + f(0.04191750724961526)
    p = p * r + f(0.16666505260408124)
    p = p * r + f(0.49998869378303396)
    p = p * r + f(1.0)
    p = (p * r + f(1.0)) * _bits(np.int32((_bits(s) + 127) << 23))
    return p if x >= f(-60.0) else f(0.0)


def logarithm(x: Any) -> Any:
    """``log(x)`` for positive normal x, to about one unit in the last place."""
    return np.log(x)


@overload(logarithm, jit_options=_OPTIONS, strict=False)
def _logarithm(x: Any) -> Any:
    """Splits x into ``2**k m`` with m about 1, and sums ``log m = 2 artanh((m - 1) / (m + 1))``."""
    return {types.float64: _long_series, types.float32: _series}[x]


def _long_series(x):
    bits = _bits(x)
    k = (bits - 4604544271217802189) >> 52  # the bits of the root of 1/2
    m = _bits(bits - (k << 52))
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


def _series(x):
    f, bits = np.float32, _bits(x)
    k = f(np.int32((bits >> 23) - 127))
    m = _bits(np.int32((bits & 0x7FFFFF) | 0x3F800000))  # from 1 to 2
    large = m > f(1.4142135)
    k, m = k + f(1.0) if large else k, f(0.5) * m if large else m
    s = (m - f(1.0)) / (m + f(1.0))
    r = s * s
    p = f(1.0 / 9.0)
    p = p * r + f(1.0 / 7.0)
    p = p * r + f(1.0 / 5.0)
    p = p * r + f(1.0 / 3.0)
    return k * f(0.6931471805599453) + f(2.0) * (s + s * r * p)
