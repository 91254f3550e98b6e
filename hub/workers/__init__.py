"""dramatiq: the broker, one short actor per step, the sweep that re-wakes what was lost, and the schedule."""
