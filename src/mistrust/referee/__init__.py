"""The referee: a small, plain solver that checks the engine on small boards.

It shares the file format and the parser with the engine, and nothing else: boards are
dictionaries, values come from recursion over the tree of phases, and every reading is summed over
histories. Slow on purpose, and meant to be read.
"""

from mistrust.referee.game import Referee

__all__ = ["Referee"]
