package backoff_test

import (
	"strings"
	"testing"
	"time"

	"receiptrevoker/worker/backoff"
)

func TestDefaultScheduleDoublesUpToHalfAnHour(t *testing.T) {
	t.Parallel()
	want := "5s 10s 20s 40s 1m20s 2m40s 5m20s 10m40s 21m20s 30m0s … (30 attempts)"
	if got := (backoff.Schedule{}).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDelaysStayWithinTheirJitter(t *testing.T) {
	t.Parallel()
	schedule := backoff.Schedule{Attempts: 6, Base: time.Second, Max: 10 * time.Second}
	exact := []time.Duration{1, 2, 4, 8, 10, 10, 10} // seconds after attempt 1, 2, …; the last goes on
	for i, want := range exact {
		want *= time.Second
		seen := map[time.Duration]bool{}
		for range 200 {
			got := schedule.Delay(i + 1)
			if got < want*8/10 || got > min(want*12/10, 10*time.Second) {
				t.Fatalf("after attempt %d: %v, want %v within 20 %%, at most 10s", i+1, got, want)
			}
			seen[got] = true
		}
		if len(seen) < 10 {
			t.Errorf("after attempt %d: %d different delays of 200, want them spread", i+1, len(seen))
		}
	}
}

func TestSenselessScheduleIsNamed(t *testing.T) {
	t.Parallel()
	for want, schedule := range map[string]backoff.Schedule{
		"retry-attempts -1 must be at least 1":         {Attempts: -1},
		"retry-base -1s must be above 0":               {Base: -time.Second},
		"retry-max 1s must not be below retry-base 5s": {Max: time.Second},
	} {
		if err := schedule.WithDefaults().Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
	if err := (backoff.Schedule{Attempts: 1}).WithDefaults().Validate(); err != nil {
		t.Errorf("one attempt: %v", err)
	}
	if got := (backoff.Schedule{Attempts: 1, Base: time.Second}).Delay(1); got < 800*time.Millisecond {
		t.Errorf("one attempt: delay %v of one that did not count", got)
	}
}
