"""Numba loops: arrays in, arrays out. Nothing else in the package loops over cells.

Shapes
------
All arrays over the board are flat and laid out as (cells, groups, lanes), lanes fastest: a *lane*
is one world, a *group* one actor (or one payoff term); ``n = groups * lanes``. `mass` has no
groups. Every kernel goes through a list `cells`, the cells that matter, and leaves the rest of
its output alone. A number looked up for cell ``x = h * L + l`` is ``high[k, h] + low[k, l]`` (see
`compile.frames`): `goal_*` give target cells, `row_*` rows of a table. `live` marks the rows of a
table that are not zero in every lane.

The kernels for one world (`kernels.planes`, `kernels.forward_planes`) have a layout of their own,
(groups, cells) with a margin on both sides, which `kernels.planes` describes.

Flat offsets are unsigned, so that no test for negative ones stands in the inner loops.
"""

from mistrust.kernels.backward import collect, expect, expect_here
from mistrust.kernels.belief import bayes, locate, scratch, update
from mistrust.kernels.choice import logit
from mistrust.kernels.decision import decide
from mistrust.kernels.elimination import factorise, substitute
from mistrust.kernels.forward import (
    chosen,
    gather,
    push,
    push_carry,
    push_decision,
    push_pays,
    spread,
    total,
    unmark,
)
from mistrust.kernels.forward_planes import (
    push_collect_planes,
    push_decision_planes,
    push_planes,
)
from mistrust.kernels.planes import collect_planes, decide_planes, expect_planes
from mistrust.kernels.private import expect_signal
from mistrust.kernels.response import arrive, respond, respond_chance, respond_end
from mistrust.kernels.revealed import push_private, push_signal
from mistrust.kernels.rooms import Rooms
from mistrust.kernels.sealed import decide_sealed
from mistrust.kernels.slopes import derive
from mistrust.kernels.together import decide_together
from mistrust.kernels.tried import try_sealed
from mistrust.kernels.twofold import push_two
from mistrust.kernels.typed import decide_private

__all__ = [
    "Rooms",
    "arrive",
    "bayes",
    "chosen",
    "collect",
    "collect_planes",
    "decide",
    "decide_planes",
    "decide_private",
    "decide_sealed",
    "decide_together",
    "derive",
    "expect",
    "expect_here",
    "expect_planes",
    "expect_signal",
    "factorise",
    "gather",
    "locate",
    "logit",
    "push",
    "push_carry",
    "push_collect_planes",
    "push_decision",
    "push_decision_planes",
    "push_pays",
    "push_planes",
    "push_private",
    "push_signal",
    "push_two",
    "respond",
    "respond_chance",
    "respond_end",
    "scratch",
    "spread",
    "substitute",
    "total",
    "try_sealed",
    "unmark",
    "update",
]
