package world

import "slices"

// shrinkTries is how often a smaller scenario is run before it counts as one that does not fail: runs of a seed
// differ, above all in Asynq's jitter and in the order of goroutines.
const shrinkTries = 3

// Shrink returns the numbers of those faults of a scenario that fails does not need: each
// is left out in turn, the last one first, and stays out where the rest still fails. It calls fails up
// to three times for each fault: 12 faults take at most 36 runs. Faults that are needed only
// together stay, and so may one that is needless but whose three runs all passed by chance.
func Shrink(s Scenario, fails func(Scenario) bool) (needless []int) {
	for i := len(s.Faults) - 1; i >= 0; i-- {
		without := append(slices.Clone(needless), s.number(i))
		for range shrinkTries {
			if fails(s.Without(without...)) {
				needless = without
				break
			}
		}
	}
	return needless
}
