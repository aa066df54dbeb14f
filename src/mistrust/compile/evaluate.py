"""Expressions to arrays.

An array has one axis for the turns, one per variable of the board, and one for the lanes (worlds
solved side by side), each of length 1 where the expression does not depend on it: NumPy's
broadcasting keeps every table as small as what it depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from mistrust.compile.frames import Integers
from mistrust.compile.nodes import Nodes, place
from mistrust.scenario.beliefs import grids
from mistrust.scenario.check import Argument
from mistrust.scenario.dependence import uses
from mistrust.scenario.effects import level_index
from mistrust.scenario.resolve import (
    Axis,
    Belief,
    Constant,
    Defined,
    Hidden,
    Parameter,
    TurnTable,
)
from mistrust.scenario.schema import Scenario
from mistrust.scenario.tree import Call, Compare, Node, Operation

Floats = NDArray[np.float64]

_COMPARE: dict[str, Callable[[Floats, Floats], NDArray[np.bool_]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "near": lambda a, b: np.abs(a - b) < 1e-9,
}
_CALL: dict[str, Callable[..., Floats]] = {
    "exp": np.exp,
    "log": np.log,
    "abs": np.abs,
    "sqrt": np.sqrt,
    "min": lambda *a: reduce(np.minimum, a),
    "max": lambda *a: reduce(np.maximum, a),
    "mean": lambda *a: sum(a) / len(a),
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "if": lambda c, yes, no: np.asarray(np.where(c != 0, yes, no), dtype=float),
}


def operate(op: str, parts: list[Floats]) -> Floats:
    """Apply an operator of the language to arrays."""
    if op == "neg":
        return -parts[0]
    if op == "not":
        return (parts[0] == 0).astype(float)
    if op in ("and", "or"):
        joined = reduce(np.logical_and if op == "and" else np.logical_or, [p != 0 for p in parts])
        return joined.astype(float)
    rule = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power}[op]
    return reduce(rule, parts)


def compare(op: str, left: Floats, right: Floats) -> Floats:
    """Apply a comparison of the language, giving 0 or 1."""
    return _COMPARE[op](left, right).astype(float)


def call(function: str, arguments: list[Floats]) -> Floats:
    """Apply a function of the language."""
    return np.asarray(_CALL[function](*arguments), dtype=float)


def type_of(actor: str) -> str:
    """The parameter that holds the index of an actor's type."""
    return f"type of {actor}"


class Evaluator:
    """Evaluates resolved expressions for some lanes.

    Parameters
    ----------
    argument
        The checked scenario.
    parameters
        Premises, mechanisms, lever switches and hidden types (see `type_of`) by name: arrays of
        shape (lanes,).

    Results are kept by node, so that shared parts are computed once.
    """

    def __init__(self, argument: Argument, parameters: Mapping[str, Floats]) -> None:
        scenario = argument.scenario
        self.argument = argument
        self.definitions = argument.scope.definitions
        self.order = list(scenario.board)
        self.grids = grids(scenario)
        self.axes = {name: self._axis(scenario, name) for name in self.order}
        self.starts = {
            name: level_index(variable.start, variable.levels)
            for name, variable in scenario.board.items()
            if isinstance(variable.start, str)
        }
        self.parameters = {n: self._shaped(np.asarray(v), -1) for n, v in parameters.items()}
        self._known: dict[int, tuple[Node, Floats]] = {}
        self._nodes: dict[str, Nodes] = {}

    def _shaped(self, values: Floats, axis: int) -> Floats:
        shape = [1] * (len(self.order) + 2)
        shape[axis] = -1
        return np.asarray(values, dtype=float).reshape(shape)

    def _axis(self, scenario: Scenario, name: str) -> Floats:
        levels = scenario.board[name].levels
        named = isinstance(levels[0], str)
        values = np.arange(len(levels)) if named else np.array(levels, dtype=float)
        return self._shaped(values.astype(float), 1 + self.order.index(name))

    def __call__(self, node: Node) -> Floats:
        """The values of an expression: shape (turns + 1 or 1, levels or 1 ..., lanes or 1)."""
        known = self._known.get(id(node))
        if known is None:
            with np.errstate(all="ignore"):
                known = (node, self._evaluate(node))
            self._known[id(node)] = known
        return known[1]

    def nodes(self, actor: str) -> Nodes:
        """The nodes of the belief about an actor, in every lane (or one, if all are alike)."""
        if actor not in self._nodes:
            written = self.argument.scenario.actors[actor].types
            paths = [("actors", actor, "types", kind) for kind in written]
            rows = [self(self.argument.nodes[path]).reshape(-1) for path in paths]
            odds = np.array(np.broadcast_arrays(*rows), dtype=float)
            valid = (odds >= 0).all(axis=0) & (odds.sum(axis=0) > 0) & np.isfinite(odds).all(axis=0)
            odds = np.where(valid, odds, 1.0)  # `faults` tells what is wrong
            self._nodes[actor] = place(self.grids[actor], odds / odds.sum(axis=0))
        return self._nodes[actor]

    def over(self, array: Floats, dims: tuple[str, ...]) -> Floats:
        """An array with the axes of some variables only, the others at their starts."""
        index: list[slice | int] = [slice(None)]
        for axis, name in enumerate(self.order, start=1):
            if name in dims:
                index.append(slice(None))
            else:
                index.append(self.starts[name] if array.shape[axis] > 1 else 0)
        return array[tuple(index)]

    def _evaluate(self, node: Node) -> Floats:
        if isinstance(node, Constant):
            return self._shaped(np.array([node.value]), 0)
        if isinstance(node, Axis):
            return self.axes[node.variable]
        if isinstance(node, Parameter):
            return self.parameters[node.name]
        if isinstance(node, Hidden):
            return self.parameters[type_of(node.actor)]
        if isinstance(node, Belief):
            nodes = self.nodes(node.actor).beliefs[:, node.kind]
            shape = [1] * (len(self.order) + 2)
            shape[1 + self.order.index(node.variable)], shape[-1] = nodes.shape
            return nodes.reshape(shape)
        if isinstance(node, TurnTable):
            return self._shaped(np.array(node.values), 0)
        if isinstance(node, Defined):
            return self(self.definitions[node.name])
        if isinstance(node, Operation):
            return operate(node.op, [self(part) for part in node.parts])
        if isinstance(node, Compare):
            return compare(node.op, self(node.left), self(node.right))
        assert isinstance(node, Call)
        return call(node.function, [self(part) for part in node.arguments])


def levels_where(node: Node, variable: str, argument: Argument) -> tuple[Integers, Integers]:
    """Levels of a variable at which a condition on it alone holds in some turn, and in every."""
    assert uses(node, argument.scope) == {variable}
    evaluator = Evaluator(argument, {})
    holds = evaluator.over(evaluator(node), (variable,))[..., 0] != 0
    some, every = np.flatnonzero(holds.any(axis=0)), np.flatnonzero(holds.all(axis=0))
    return some.astype(np.int64), every.astype(np.int64)
