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
