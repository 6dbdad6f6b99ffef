package scale_test

import (
	"testing"

	"receiptrevoker/bench/redistest/scale"
)

func TestScaleIsFullInAProofAlone(t *testing.T) {
	for value, want := range map[string]int{"": 1, "0": 1, "1": 1000} {
		t.Setenv(scale.Env, value)
		if got := scale.Of(1, 1000); got != want {
			t.Errorf("%s=%s: got %d, want %d", scale.Env, value, got, want)
		}
	}
}
