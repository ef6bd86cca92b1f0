"""How fast the simulation answers, side by side with others. docs/benchmarks.md has the figures."""
