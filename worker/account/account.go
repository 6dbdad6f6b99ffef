// Package account sees to it that all workers of a namespace call PortOne with one
// account. A worker of another account would find none of the receipts, and bury what
// it was asked for.
package account

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed account.lua
var keepSource string

var keepScript = redis.NewScript(keepSource)

// rollout is for how long the account before is good beside one that was accepted:
// workers are replaced one after the other, and some may have to go back.
const rollout = 24 * time.Hour

// ErrOther is matched where the workers of the namespace call PortOne with another
// account.
var ErrOther = errors.New("PortOne is called with another account by the workers")

// Account is how PortOne is called. [receiptrevoker/worker/iamport.Client] is one.
type Account interface {
	// Fingerprint returns a hash of the account under a key. It is slow, so that nobody
	// finds the account by trying.
	Fingerprint(key []byte) string
}

// Verdict is what comes of comparing accounts.
type Verdict string

// The verdicts.
const (
	Same     Verdict = "same"
	First    Verdict = "first"    // none was known; it is the namespace's from now on
	Accepted Verdict = "accepted" // it takes the place of another
	other    Verdict = "other"
)

// Store keeps the account of a namespace in Redis: the hash {namespace}:account with
// a key, and the fingerprints under it.
type Store struct {
	client redis.UniversalClient
	key    string
	name   string
}

// NewStore returns the store of a namespace on client, which the caller closes.
func NewStore(client redis.UniversalClient, namespace string) *Store {
	return &Store{client: client, key: "{" + namespace + "}:account", name: namespace}
}

// Keep compares a worker's account with the namespace's, and keeps it where none is
// known, or where accept says that it takes the place of the other, which stays good
// for another day. Otherwise the error matches [ErrOther].
func (s *Store) Keep(ctx context.Context, a Account, accept bool) (Verdict, error) {
	under, err := s.hashKey(ctx)
	if err != nil {
		return "", err
	}
	accepted := ""
	if accept {
		accepted = "1"
	}
	said, err := keepScript.Run(ctx, s.client, []string{s.key},
		a.Fingerprint(under), accepted, rollout.Milliseconds()).Text()
	switch {
	case err != nil:
		return "", fmt.Errorf("compare the account with that of the namespace %s: %w", s.name, err)
	case Verdict(said) == other:
		return "", fmt.Errorf("%w of the namespace %s", ErrOther, s.name)
	}
	return Verdict(said), nil
}

// Compare returns nil if a is the namespace's account, or none is known. It changes
// nothing. The error matches [ErrOther] if the workers call with another.
func (s *Store) Compare(ctx context.Context, a Account) error {
	read := s.client.Pipeline()
	hash, now := read.HGetAll(ctx, s.key), read.Time(ctx)
	if _, err := read.Exec(ctx); err != nil {
		return fmt.Errorf("read the account of the namespace %s: %w", s.name, err)
	}
	known := hash.Val()
	until, _ := strconv.ParseInt(known["previous_until"], 10, 64)
	is := a.Fingerprint([]byte(known["key"]))
	switch {
	case known["current"] == "", is == known["current"]:
		return nil
	case is == known["previous"] && now.Val().UnixMilli() < until:
		return nil
	}
	return fmt.Errorf("%w of the namespace %s", ErrOther, s.name)
}

// hashKey returns the key of the namespace's fingerprints, made by whoever comes first.
func (s *Store) hashKey(ctx context.Context) ([]byte, error) {
	err := s.client.HSetNX(ctx, s.key, "key", rand.Text()).Err()
	if err == nil {
		var key string
		if key, err = s.client.HGet(ctx, s.key, "key").Result(); err == nil {
			return []byte(key), nil
		}
	}
	return nil, fmt.Errorf("read the account of the namespace %s: %w", s.name, err)
}
