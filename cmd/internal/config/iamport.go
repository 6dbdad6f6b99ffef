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

// IAMPort is how PortOne is called. It has PortOne's former name, I'amport, which the API
// still has in its host api.iamport.kr and its parameters imp_key and imp_secret.
type IAMPort struct {
	// URL is where the API is: PortOne's own, a proxy, or 'revoker simulate'.
	URL string
	// Insecure allows a URL of http:// that leads beyond this machine; see [ErrInsecure].
	Insecure bool
	// Tier is the sub-merchant for requests that name none; [iamport.NewClient] checks its
	// form.
	Tier string
	// Timeout bounds one call, at least a second. A request stays open for ten of them
	// after a DELETE whose answer was lost, so a longer one delays dead letters, too.
	Timeout time.Duration

	// OnCall and Tracers are handed to the client as they are; no flag sets them. A nil
	// OnCall is told nothing.
	OnCall  func(iamport.Exchange)
	Tracers trace.TracerProvider
}

// Flags registers the settings. The credentials are no flags: every user of the machine
// could read them in the list of processes.
func (i *IAMPort) Flags(f *pflag.FlagSet) {
	f.StringVar(&i.URL, "iamport-url", iamport.DefaultURL, "`URL` of PortOne V1")
	env(f, "iamport-url", "IAMPORT_URL")
	f.BoolVar(&i.Insecure, "insecure-portone", false,
		"call an http:// URL beyond this machine, which shows key and secret to the network: for 'revoker simulate'")
	env(f, "insecure-portone", "REVOKER_INSECURE_PORTONE")
	f.StringVar(&i.Tier, "tier", "", "`code` of the sub-merchant (하위상점) for whose receipts an agency's account calls: "+
		"three upper-case letters or digits")
	env(f, "tier", "IMP_TIER")
	f.DurationVar(&i.Timeout, "timeout", iamport.DefaultTimeout, "how long one call of the API may take")
	env(f, "timeout", "REVOKER_TIMEOUT")
}

// Client returns a client with the credentials of the environment: IMP_KEY and IMP_SECRET,
// or the files that IMP_KEY_FILE and IMP_SECRET_FILE name. It does not call PortOne yet.
// Connections is how many idle connections to PortOne it keeps: with fewer than there are
// calls at a time, calls open new ones again and again.
//
// An error matches [ErrNoCredentials] if there are neither key nor secret, and [ErrInsecure]
// if they would be sent without encryption. One without the other is a mistake and matches
// neither: doctor reports it as a failure, where work ends with 2.
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
	// A shorter timeout would end calls that PortOne is about to answer, and every DELETE
	// without an answer costs a lookup.
	case i.Timeout < time.Second:
		return nil, fmt.Errorf("--timeout %v must be at least 1s", i.Timeout)
	}
	client, err := iamport.NewClient(iamport.Config{
		URL: i.URL, Key: iamport.Secret(key), Secret: iamport.Secret(secret),
		Tier: i.Tier, Timeout: i.Timeout, Connections: connections,
		OnCall: i.OnCall, Tracers: i.Tracers,
	})
	if err == nil && client.Exposed() && !i.Insecure {
		return nil, ErrInsecure
	}
	return client, err
}

// giveCredentials is the advice where key, secret or both are missing.
const giveCredentials = "give PortOne's REST API key and secret in IMP_KEY and IMP_SECRET, " +
	"or in files named by IMP_KEY_FILE and IMP_SECRET_FILE"

// ErrNoCredentials is matched where neither key nor secret is given. That is right on
// machines of which no worker runs, so doctor then leaves PortOne out and reports no
// failure.
var ErrNoCredentials = errors.New("IMP_KEY and IMP_SECRET are not set: " + giveCredentials)

// ErrInsecure is matched where the URL is http:// and leads beyond this machine: anyone on
// the way, such as a proxy, could read the key and the secret, with which receipts are
// issued and revoked. It does not repeat the URL, which may hold a password.
var ErrInsecure = errors.New("the URL of PortOne begins with http://, and key and secret would cross the network " +
	"without encryption: begin IAMPORT_URL or --iamport-url with https://; only for a simulated PortOne, " +
	"set REVOKER_INSECURE_PORTONE=true or --insecure-portone")

// Doubts returns what looks wrong with the credentials, without a character of them.
// PortOne answers a wrong key and a wrong secret alike and does not say which one it
// refuses, so doctor shows the doubts beside the refusal. They are guesses: nothing is
// refused for them.
func (i *IAMPort) Doubts(getenv func(string) string) (doubts []string) {
	// A file that cannot be read is reported by Client; here it is as good as not given.
	key, _ := secretOrFile(getenv, "IMP_KEY")
	secret, _ := secretOrFile(getenv, "IMP_SECRET")
	for name, value := range map[string]string{"IMP_KEY": key, "IMP_SECRET": secret} {
		// A shell takes quotation marks away; docker run --env-file keeps them in the
		// value.
		if value != strings.Trim(value, `"'`) {
			doubts = append(doubts, name+" has quotation marks around it")
		}
	}
	// A map has no order, and the doubts should not change places from one run to the next.
	slices.Sort(doubts)
	switch {
	case key == secret && key != "":
		doubts = append(doubts, "IMP_KEY and IMP_SECRET are the same")
	// PortOne's keys have 16 characters, its secrets many more.
	case len(key) > len(secret):
		doubts = append(doubts, "IMP_KEY is longer than IMP_SECRET: they may be the wrong way round")
	}
	return doubts
}
