package tasks_test

import (
	"testing"

	"receiptrevoker/tasks"
)

func TestNumbersOfDigitsAreOneWithoutTheZerosBeforeThem(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b string
		same bool
	}{
		"the same":                     {"300123451", "300123451", true},
		"a zero is stripped":           {"032477467", "32477467", true},
		"many zeros are":               {"000000001", "1", true},
		"on both sides":                {"0001", "01", true},
		"a zero within":                {"1001", "11", false},
		"a zero at the end":            {"10", "1", false},
		"another number":               {"300123451", "300123452", false},
		"letters keep their zeros":     {"0A1", "A1", false},
		"a letter in the end, as well": {"01A", "1A", false},
		"one has a sign":               {"01", "-1", false},
		"zeros are not nothing":        {"000", "", false},
		"nothing":                      {"", "", true},
		"digits of another script":     {"０1", "1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if same := tasks.BareApplyNum(test.a) == tasks.BareApplyNum(test.b); same != test.same {
				t.Errorf("%q and %q: got %t, want %t", test.a, test.b, same, test.same)
			}
		})
	}
}
