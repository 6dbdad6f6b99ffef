package iamport

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
)

const (
	// fingerprintRounds makes a fingerprint take milliseconds: a key of PortOne's has 16
	// digits, all of which could be tried with a fast hash.
	fingerprintRounds = 20_000
	fingerprintBytes  = 16
)

// Fingerprint returns a hash, under a key, of the account that is called: of its key
// and its tier, and not of its secret, which may change. It takes some milliseconds.
func (c *Client) Fingerprint(key []byte) string {
	account := string(c.config.Key) + "\x00" + c.config.Tier
	hash, err := pbkdf2.Key(sha256.New, account, key, fingerprintRounds, fingerprintBytes)
	if err != nil {
		panic(err) // only for a length that no hash has
	}
	return hex.EncodeToString(hash)
}
