"""The plan of the years ahead: in which year each sub-process is to be reviewed, and with how many hours.

The standing plan is versioned and only added to: each version holds what it changed, and of a sub-process or a year's
capacity the newest version that speaks of it counts. Changes are made in a draft of one's own; keeping the draft makes
the next version, keeping it under a name makes a scenario, and a scenario that is adopted makes a version too. What the
VD-forum has decided stands above the plan: leaving it needs a reason, and the forum's own decision.

`proposal: waiting → running → done | failed`: the planner (rotation.planner) works in a process of its own; pages
reckon with `board`, which is arithmetic.

The pages are many: `routes` has the grid and what all share, `routes_what_if`, `routes_proposals` and `routes_versions`
add theirs to the same blueprint.
"""
