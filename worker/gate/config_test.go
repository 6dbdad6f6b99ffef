package gate_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

func TestSenselessSettingsAreNamed(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]gate.Config{
		"gate ratio: 1.5 is not above 0 and at most 1":                       {Ratio: 1.5},
		"gate ratio: -1 is not above 0":                                      {Ratio: -1},
		"gate ratio: NaN is not above 0":                                     {Ratio: math.NaN()},
		"gate minimum: -1 is not between 1 and the gate calls, 20":           {Minimum: -1},
		"gate minimum: 21 is not between 1 and the gate calls, 20":           {Minimum: 21},
		"gate minimum: 5 is not between 1 and the gate calls, 4":             {Calls: 4, Minimum: 5},
		"gate minimum: -3 is not between 1 and the gate calls, -3":           {Calls: -3},
		"gate probe: 1µs is less than 1ms":                                   {Probe: time.Microsecond},
		"gate probe max: 1s is less than the gate probe, 2s":                 {Probe: 2 * time.Second, ProbeMax: time.Second},
		"rate: -1 is neither 0":                                              {Rate: gate.Rate{All: -1}},
		"rate of kcp: +Inf is neither 0, for no limit, nor a number of call": {Rate: gate.Rate{Gateway: map[tasks.Gateway]float64{tasks.KCP: math.Inf(1)}}},
	} {
		if err := config.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s…", config, err, want)
		}
	}
	for _, config := range []gate.Config{
		{}, {Ratio: 1}, {Calls: 4}, {Minimum: 1}, {Probe: time.Hour}, {Rate: gate.Rate{All: 0.5}},
	} {
		if err := config.Validate(); err != nil {
			t.Errorf("%+v: %v", config, err)
		}
	}
}
