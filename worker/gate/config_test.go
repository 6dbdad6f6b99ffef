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
		"gate-receipts -1 must be at least 1":                                                      {Receipts: -1},
		"gate patience -1s must be between 0 and 24h0m0s":                                          {Patience: -time.Second},
		"gate poll 2s must be between 1ms and 1s":                                                  {Poll: 2 * time.Second},
		"gate probe 1µs must be at least 1ms":                                                      {Probe: time.Microsecond},
		"gate probe max 1s must be between the gate probe, 2s, and 1h0m0s":                         {Probe: 2 * time.Second, ProbeMax: time.Second},
		"rate -1 must be 0, for no limit, or at least 0.000012 calls a second, which is one a day": {Rate: gate.Rate{All: -1}},
		"rate-kcp +Inf must be 0, for no limit":                                                    {Rate: gate.Rate{Gateway: map[tasks.Gateway]float64{tasks.KCP: math.Inf(1)}}},
	} {
		if err := config.WithDefaults().Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s…", config, err, want)
		}
	}
	for _, config := range []gate.Config{
		{}, {Receipts: 1}, {Patience: time.Second}, {Probe: time.Hour}, {Rate: gate.Rate{All: 0.5}},
	} {
		if err := config.WithDefaults().Validate(); err != nil {
			t.Errorf("%+v: %v", config, err)
		}
	}
}
