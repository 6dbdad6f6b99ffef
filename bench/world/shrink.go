package world

import "slices"

// shrinkTries is how often a smaller scenario is run before it counts as one that does not fail: runs of a seed
// differ, above all in Asynq's jitter and in the order of goroutines.
const shrinkTries = 3

// Shrink returns the numbers of those faults of a scenario, from 0, that fails does not need:
// each is left out in turn, and stays out where the rest still fails. The last faults are tried
// first. It finds a set that cannot do without any one, and not the smallest of all.
func Shrink(s Scenario, fails func(Scenario) bool) (needless []int) {
	for i := len(s.Faults) - 1; i >= 0; i-- {
		without := append(slices.Clone(needless), i)
		for range shrinkTries {
			if fails(s.Without(without...)) {
				needless = without
				break
			}
		}
	}
	return needless
}
