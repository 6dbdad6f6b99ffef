package config_test

import (
	"errors"
	"testing"

	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
)

// Without a client nothing can be sent. The script openwire shows what a proxy would read.
func TestSecretsAreNotSentInTheOpen(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"http://api.iamport.kr": false, "HTTP://api.iamport.kr": false, "http://10.0.0.1:8990": false,
		"http://portone:8990": false, "http://127.0.0.1.example.com": false, "http://localhost.": false,
		"http://0x7f.1": false, "http://0.0.0.0:1": false,
		"https://api.iamport.kr": true, "http://127.0.0.1:1": true, "http://localhost:1": true, "http://[::1]:1": true,
	} {
		for _, insecure := range []string{"", "true"} {
			var settings config.IAMPort
			flags := pflag.NewFlagSet("", pflag.ContinueOnError)
			settings.Flags(flags)
			environment := map[string]string{
				"IMP_KEY": "the-key", "IMP_SECRET": "the-secret", "IAMPORT_URL": url, "REVOKER_INSECURE_PORTONE": insecure,
			}
			getenv := func(name string) string { return environment[name] }
			if err := config.FromEnvironment(flags, getenv); err != nil {
				t.Fatal(err)
			}
			client, err := settings.Client(getenv, 1)
			if refused := errors.Is(err, config.ErrInsecure); refused == (want || insecure != "") || refused && client != nil {
				t.Errorf("%s, REVOKER_INSECURE_PORTONE=%s: got %v, %v", url, insecure, client, err)
			}
		}
	}
}
