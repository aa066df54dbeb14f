"""Linear equations by elimination with row exchanges.

In one thread, so that results are the same to the bit wherever they are worked out.
"""

from __future__ import annotations

from numba import njit

from mistrust.kernels.options import FUSED

BLOCK = 4
"""Rows that are subtracted from the others at once, while these are at hand."""


@njit(**FUSED)
def factorise(matrix, order):
    """Take a matrix apart, in place: ``matrix[order] = L U``, the diagonal of L being 1.

    Where there is nothing to subtract nothing is done, so that bands stay bands.

    Parameters
    ----------
    matrix : (n, n)
        Returns U, and L below its diagonal.
    order : (n,)
        Returns the order of the rows.

    Returns
    -------
    float
        The sign of the determinant; 0 if the matrix is singular, and then no more than that.
    """
    n, sign = len(matrix), 1.0
    for i in range(n):
        order[i] = i
    for first in range(0, n, BLOCK):
        last = min(first + BLOCK, n)
        for k in range(first, last):
            pivot = k
            for i in range(k + 1, n):
                if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                    pivot = i
            if not abs(matrix[pivot, k]) > 0.0:
                return 0.0
            if pivot != k:
                sign = -sign
                order[k], order[pivot] = order[pivot], order[k]
                for j in range(n):
                    matrix[k, j], matrix[pivot, j] = matrix[pivot, j], matrix[k, j]
            sign = -sign if matrix[k, k] < 0.0 else sign
            _column(matrix, k, last)
        _rows(matrix, first, last)
        if last < n:
            _subtract(matrix, first)
    return sign


@njit(**FUSED)
def _column(matrix, k, last):
    """Factors of a column, and what they do to the rest of the block's columns."""
    part = 1.0 / matrix[k, k]
    for i in range(k + 1, len(matrix)):
        factor = matrix[i, k] * part
        matrix[i, k] = factor
        if factor != 0.0:
            for j in range(k + 1, last):
                matrix[i, j] -= factor * matrix[k, j]


@njit(**FUSED)
def _rows(matrix, first, last):
    """The block's rows right of the block."""
    for k in range(first, last):
        for i in range(k + 1, last):
            factor = matrix[i, k]
            if factor != 0.0:
                for j in range(last, len(matrix)):
                    matrix[i, j] -= factor * matrix[k, j]


@njit(**FUSED)
def _subtract(matrix, first):
    """The block's four rows times their factors, from all rows below."""
    n, last = len(matrix), first + BLOCK
    one, two, three, four = matrix[first], matrix[first + 1], matrix[first + 2], matrix[first + 3]
    for i in range(last, n):
        row = matrix[i]
        p, q, r, s = row[first], row[first + 1], row[first + 2], row[first + 3]
        if p != 0.0 or q != 0.0 or r != 0.0 or s != 0.0:
            for j in range(last, n):
                row[j] = row[j] - p * one[j] - q * two[j] - r * three[j] - s * four[j]


@njit(**FUSED)
def substitute(matrix, order, right, out):
    """Solve ``A out = right`` for a matrix A that has been taken apart."""
    n = len(matrix)
    for i in range(n):
        rest = right[order[i]]
        for j in range(i):
            rest -= matrix[i, j] * out[j]
        out[i] = rest
    for i in range(n - 1, -1, -1):
        rest = out[i]
        for j in range(i + 1, n):
            rest -= matrix[i, j] * out[j]
        out[i] = rest / matrix[i, i]
