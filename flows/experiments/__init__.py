"""Ways of sharing tried and judged: compare, groups, sweeps, embed; each its settings, run, figures and page."""
