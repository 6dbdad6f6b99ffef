package iamporttest

import (
	"cmp"
	"net/http"
	"time"
)

// The credentials that a zero [Config] accepts.
const (
	DefaultKey    = "imp_apikey"       // of the one account
	DefaultSecret = "simulator-secret" // of the one account
)

// Config says how a [Server] behaves. The zero value is a PortOne without
// receipts, latency or faults.
type Config struct {
	// Key and Secret are the credentials accepted. Default [DefaultKey] and
	// [DefaultSecret].
	Key, Secret string
	// TokenLifetime is how long a new token lives, in whole seconds. Default 30m.
	// As every request in a token's last 60 seconds extends it by 5 minutes, so
	// does the second request for a token that lives no longer than that.
	TokenLifetime time.Duration
	// Latency is that of every answer to a receipt's calls. Default none. A DELETE
	// takes effect before it, so a client that stops waiting does not stop it.
	Latency Latency
	// AlreadyRevoked is the status of a DELETE of a receipt that is revoked: 500,
	// 400 or 200, of which PortOne documents none. Default 500.
	AlreadyRevoked int
	// Seed decides all chance. The same seed and the same calls for an imp_uid
	// bring the same choices, in whatever order other imp_uids are called.
	Seed uint64
	// Faults are the rules in force from the start. See [Server.Inject].
	Faults []Rule
	// Unknown decides whether an imp_uid that was never given to [Server.Issue]
	// has a receipt. It is asked once for each, when the first call arrives, from
	// several goroutines at once, and must not call the server. Default: none has.
	Unknown func(impUID string) (Receipt, bool)
	// Now is the clock of tokens and receipts. Default [time.Now].
	Now func() time.Time
	// OnCall is told of every call when it arrives, before it is answered, from several goroutines
	// at once. The call waits until it returns. Default: none is told.
	OnCall func(Call)
}

// withDefaults returns cfg with every zero field replaced, but for those whose
// zero value means none.
func (cfg Config) withDefaults() Config {
	cfg.Key = cmp.Or(cfg.Key, DefaultKey)
	cfg.Secret = cmp.Or(cfg.Secret, DefaultSecret)
	cfg.TokenLifetime = cmp.Or(cfg.TokenLifetime, 30*time.Minute)
	cfg.AlreadyRevoked = cmp.Or(cfg.AlreadyRevoked, http.StatusInternalServerError)
	if cfg.Unknown == nil {
		cfg.Unknown = func(string) (Receipt, bool) { return Receipt{}, false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.OnCall == nil {
		cfg.OnCall = func(Call) {}
	}
	return cfg
}
