package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/worker/iamport"
)

// IAMPort is how PortOne is called.
type IAMPort struct {
	URL     string
	Tier    string
	Timeout time.Duration

	// OnCall and Tracers are the client's, and no settings.
	OnCall  func(iamport.Exchange)
	Tracers trace.TracerProvider
}

// Flags registers the settings. The credentials are no flags: they would stand
// in the list of processes.
func (i *IAMPort) Flags(f *pflag.FlagSet) {
	f.StringVar(&i.URL, "iamport-url", iamport.DefaultURL, "`URL` of PortOne V1")
	env(f, "iamport-url", "IAMPORT_URL")
	f.StringVar(&i.Tier, "tier", "", "`code` of the sub-merchant (하위상점) for whose receipts an agency's account calls: "+
		"three upper-case letters or digits")
	env(f, "tier", "IMP_TIER")
	f.DurationVar(&i.Timeout, "timeout", iamport.DefaultTimeout, "how long one call of the API may take")
	env(f, "timeout", "REVOKER_TIMEOUT")
}

// Client returns a client with the credentials of the environment: IMP_KEY and
// IMP_SECRET, or the files that IMP_KEY_FILE and IMP_SECRET_FILE name. An error
// matches [ErrNoCredentials] if there are none.
func (i *IAMPort) Client(getenv func(string) string, connections int) (*iamport.Client, error) {
	key, err := secretOrFile(getenv, "IMP_KEY")
	if err != nil {
		return nil, err
	}
	secret, err := secretOrFile(getenv, "IMP_SECRET")
	switch {
	case err != nil:
		return nil, err
	case key == "" && secret == "":
		return nil, ErrNoCredentials
	case key == "":
		return nil, errors.New("IMP_KEY is not set, and IMP_SECRET is: " + giveCredentials)
	case secret == "":
		return nil, errors.New("IMP_SECRET is not set, and IMP_KEY is: " + giveCredentials)
	case i.Timeout < time.Second:
		return nil, fmt.Errorf("--timeout %v must be at least 1s", i.Timeout)
	}
	return iamport.NewClient(iamport.Config{
		URL: i.URL, Key: iamport.Secret(key), Secret: iamport.Secret(secret),
		Tier: i.Tier, Timeout: i.Timeout, Connections: connections,
		OnCall: i.OnCall, Tracers: i.Tracers,
	})
}

// giveCredentials is what to do where one or both are missing.
const giveCredentials = "give PortOne's REST API key and secret in IMP_KEY and IMP_SECRET, " +
	"or in files named by IMP_KEY_FILE and IMP_SECRET_FILE"

// ErrNoCredentials is matched where neither is given, as is right where no
// worker runs.
var ErrNoCredentials = errors.New("IMP_KEY and IMP_SECRET are not set: " + giveCredentials)

// Doubts returns what looks wrong with the credentials, without them, for when
// PortOne refuses them: it does not say which one it refuses.
func (i *IAMPort) Doubts(getenv func(string) string) (doubts []string) {
	key, _ := secretOrFile(getenv, "IMP_KEY")
	secret, _ := secretOrFile(getenv, "IMP_SECRET")
	for name, value := range map[string]string{"IMP_KEY": key, "IMP_SECRET": secret} {
		if value != strings.Trim(value, `"'`) {
			doubts = append(doubts, name+" has quotation marks around it")
		}
	}
	slices.Sort(doubts)
	switch {
	case key == secret && key != "":
		doubts = append(doubts, "IMP_KEY and IMP_SECRET are the same")
	case len(key) > len(secret): // PortOne's keys have 16 characters, its secrets many more
		doubts = append(doubts, "IMP_KEY is longer than IMP_SECRET: they may be the wrong way round")
	}
	return doubts
}
