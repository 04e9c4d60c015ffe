"""Reads a script for PowerShell by a grammar of it, and prints what it cannot make sense of."""

import sys

import tree_sitter
import tree_sitter_powershell


def faults(node):
    """Yields the parts of a tree that the grammar has no rule for, or misses."""
    if node.type == "ERROR" or node.is_missing:
        yield node
    for child in node.children:
        yield from faults(child)


with open(sys.argv[1], "rb") as file:
    script = file.read()
parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
for fault in faults(parser.parse(script).root_node):
    text = script[fault.start_byte : fault.end_byte].decode(errors="replace")
    print(f"line {fault.start_point.row + 1}: {text}")
print("done")
