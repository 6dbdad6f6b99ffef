package config_test

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
)

// Of several mistakes the same one is told each time.
func TestTheFirstWrongRateIsTold(t *testing.T) {
	t.Parallel()
	for range 20 {
		var gate config.Gate
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		gate.Flags(flags)
		if err := flags.Parse([]string{"--rate-welcome=-1", "--rate-nice=-1", "--rate-kcp=NaN"}); err != nil {
			t.Fatal(err)
		}
		if err := gate.Validate(); err == nil || !strings.HasPrefix(err.Error(), "--rate-kcp NaN must be 0, for no limit, or at least") {
			t.Fatalf("got %v", err)
		}
	}
}

// A setting that an earlier version had is refused, with what there is instead.
func TestRetiredSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for flag, instead := range map[string]string{
		"gate-ratio": "--gate-receipts", "gate-calls": "--gate-receipts", "gate-minimum": "--gate-receipts",
		"gate-probe": "remove it", "gate-probe-max": "remove it",
	} {
		variable := "REVOKER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		for how, set := range map[string]func(*pflag.FlagSet) error{
			"--" + flag: func(f *pflag.FlagSet) error { return config.FlagError(f.Parse([]string{"--" + flag + "=1"})) },
			variable: func(f *pflag.FlagSet) error {
				return config.FromEnvironment(f, func(name string) string { return map[string]string{variable: "1"}[name] })
			},
		} {
			var gate config.Gate
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			gate.Flags(flags)
			err := set(flags)
			if err == nil || !strings.Contains(err.Error(), how) || !strings.Contains(err.Error(), instead) {
				t.Errorf("%s: got %v, want it named, and %q", how, err, instead)
			}
			if usage := flags.FlagUsages(); strings.Contains(usage, flag+" ") {
				t.Errorf("the help text shows --%s:\n%s", flag, usage)
			}
		}
	}
}
