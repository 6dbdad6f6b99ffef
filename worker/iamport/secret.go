package iamport

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Secret is a text that prints as *** wherever it is printed by accident. Its
// value is had by converting it to a string.
type Secret string

// mask stands for a secret, and does not tell how long it is.
const mask = "***"

// shortestHidden is how many characters a text has at least that is hidden wherever it
// stands: a shorter one is no secret, and part of every other word.
const shortestHidden = 6

// masking returns what hides the secrets in a text of others.
func masking(secrets ...Secret) *strings.Replacer {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) >= shortestHidden {
			pairs = append(pairs, string(secret), mask)
		}
	}
	return strings.NewReplacer(pairs...)
}

// String returns ***, or nothing for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return mask
}

// Format writes what String returns, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText returns what String returns.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue returns what String returns.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// concealed is an error whose text held a secret, or was too long. It matches what the error
// matched.
type concealed struct {
	text string
	err  error
}

// concealError returns err, with a text of its own if hide changes it.
func concealError(err error, hide func(string) string) error {
	if text := hide(err.Error()); text != err.Error() {
		return &concealed{text, err}
	}
	return err
}

func (e *concealed) Error() string { return e.text }
func (e *concealed) Unwrap() error { return e.err }
