"""Picking: from orders that are paid to totes of goods at the packing table.

`starting` and `lists` begin and end a walk, `needs` and `walks` say what is to be picked, `taking`
records what was, `shorts` what was not there and `deciding` what becomes of that. The books of
stock do not move when a unit is picked: it stays held until its package is closed.
"""
