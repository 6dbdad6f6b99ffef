package outcome_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
)

// moments returns the first and the last millisecond of each day of the year, and
// some in between.
func moments(year int) (all []time.Time) {
	day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := 0; day.Year() == year; day, n = day.AddDate(0, 0, 1), n+1 {
		within := time.Duration(n) * (3*time.Minute + 54*time.Second + 321*time.Millisecond)
		all = append(all, day, day.Add(within), day.AddDate(0, 0, 1).Add(-time.Millisecond))
	}
	return all
}

// The scripts write a time as everything else here does, in every year that a
// calendar treats in another way.
func TestScriptsWriteTimesAsGoDoes(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		for _, year := range []int{1970, 1972, 1999, 2000, 2001, 2024, 2026, 2027, 2028, 2099, 2100, 2101, 2400, 9999} {
			var ms []any
			var want []string
			for _, at := range moments(year) {
				ms, want = append(ms, at.UnixMilli()), append(want, at.Format("2006-01-02T15:04:05.000Z"))
			}
			got, err := outcome.ISOScript.Run(t.Context(), client, []string{"{receipt}:open"}, ms...).StringSlice()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d (-Go +script):\n%s", year, diff)
			}
		}
	})
}

// All times of an outcome are told by Redis' clock.
func TestTimesAreThoseOfRedis(t *testing.T) {
	t.Parallel()
	s, _, set := clocked(t)
	ms := time.Millisecond
	if _, err := s.Ask(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	set(noon.Add(1500 * ms))
	attempt := begin(t, s, lease)
	if now := attempt.Now().Sub(noon); now < 1500*ms || now > time.Minute || !attempt.AskedAt.Equal(noon) {
		t.Errorf("asked at %v, and now it is %v past noon", attempt.AskedAt, now)
	}
	if !attempt.Since().Equal(noon.Add(1500 * ms)) {
		t.Errorf("the first attempt began at %v", attempt.Since())
	}
	set(noon.Add(7 * time.Second))
	finish(t, s, attempt, retrying)
	set(noon.Add(9 * time.Second))
	attempt = begin(t, s, lease)
	if !attempt.Since().Equal(noon.Add(1500 * ms)) {
		t.Errorf("once there was another, the first attempt began at %v", attempt.Since())
	}
	set(noon.Add(61 * time.Second))
	finish(t, s, attempt, dead)
	if o := get(t, s); !o.FirstAttemptAt.Equal(noon.Add(1500*ms)) || !o.UpdatedAt.Equal(noon.Add(61*time.Second)) {
		t.Errorf("first attempt at %v, ended at %v", o.FirstAttemptAt, o.UpdatedAt)
	}
	if at, err := s.NewestDead(t.Context()); err != nil || !at.Equal(noon.Add(61*time.Second)) {
		t.Errorf("dead since %v, %v", at, err)
	}
}

// A clock that goes back makes no attempt, and no request, older than what was before.
func TestClockThatGoesBack(t *testing.T) {
	t.Parallel()
	s, _, set := clocked(t)
	old := begin(t, s, time.Millisecond)
	set(noon.Add(time.Second))
	finish(t, s, begin(t, s, lease), dead)
	set(noon.Add(-time.Hour))
	again := asked
	again.Again = true
	if _, err := s.Ask(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	attempt := begin(t, s, lease)
	if attempt.AskedAt.Before(old.AskedAt) {
		t.Errorf("asked again at %v, and first at %v", attempt.AskedAt, old.AskedAt)
	}
	if finish(t, s, old, revoked) {
		t.Error("an attempt of the earlier request was heard")
	}
	if !finish(t, s, attempt, retrying) {
		t.Error("the newest attempt was not heard")
	}
}
