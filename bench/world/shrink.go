package world

import "slices"

// Shrink returns the scenario without those of its faults that fails does not need: each
// is left out in turn, and stays out where the rest still fails.
func Shrink(s Scenario, fails func(Scenario) bool) Scenario {
	for i := len(s.Faults) - 1; i >= 0; i-- {
		smaller := s
		smaller.Faults = slices.Delete(slices.Clone(s.Faults), i, i+1)
		if fails(smaller) {
			s = smaller
		}
	}
	return s
}
