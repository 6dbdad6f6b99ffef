package tasks_test

import (
	"errors"
	"strings"
	"testing"

	"receiptrevoker/tasks"
)

func TestApplyNumThatStandsForNoValueIsNotAskedFor(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"NULL", "-", "0", "000", "nan", "N/A", "없음", "(null)", "None", "-1", "undefined"} {
		r := tasks.Revocation{ImpUID: "imp_1", ApplyNum: value}
		if err := r.ValidateNew(); !errors.Is(err, tasks.ErrInvalid) || !strings.Contains(err.Error(), "stands for no value") {
			t.Errorf("%s: %v, want that it stands for no value", value, err)
		}
	}
	for _, value := range []string{"", "300123456", "0012", "N1", "a"} {
		if err := (tasks.Revocation{ImpUID: "imp_1", ApplyNum: value}).ValidateNew(); err != nil {
			t.Errorf("%q: %v", value, err)
		}
	}
	// What an older program has recorded is still carried out.
	if _, err := tasks.Parse([]byte(`{"imp_uid":"imp_1","apply_num":"NULL"}`)); err != nil {
		t.Errorf("Parse: %v", err)
	}
}
