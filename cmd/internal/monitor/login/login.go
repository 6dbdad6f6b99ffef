// Package login stands before a web site: it admits whoever knows the
// password, and remembers them for a shift.
package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	// Path is where the form is shown and sent to.
	Path = "/login"
	// OutPath is where a POST ends the session.
	OutPath = "/logout"
	// Field is the form's field with the password.
	Field = "password"
)

// Lifetime is how long a session lasts, whatever happens in it: a long shift.
const Lifetime = 12 * time.Hour

const (
	// maxForm is how many bytes a form may have.
	maxForm = 4 << 10
	// turnTimeout is how long a password waits for others to be compared.
	turnTimeout = 10 * time.Second
)

// Form is what the page with the password's field has to say.
type Form struct {
	// Wrong tells that the password was wrong.
	Wrong bool
	// Wait is for how long no further password is looked at, 0 for no wait.
	Wait time.Duration
}

// Config is whom a login admits.
type Config struct {
	// Hash is the bcrypt hash of the password; see [Hash].
	Hash string
	// Form writes the page with the field, under the given status.
	Form func(w http.ResponseWriter, r *http.Request, status int, form Form)
	// Log is told who comes and who is turned away. Default [slog.Default].
	Log *slog.Logger
	// Now is the clock. Default [time.Now].
	Now func() time.Time
}

// Login stands before a site. Its sessions live in the memory of this process,
// so that logging out ends them for certain, and so does a restart.
type Login struct {
	config   Config
	sessions *sessions
	throttle *throttle
	checking chan struct{} // one password at a time: each costs a core a quarter of a second
}

// ErrHash is matched where no password fits the hash.
var ErrHash = errors.New("the password's hash")

// New returns a login. The error matches [ErrHash] and says what is wrong with
// the hash, without it.
func New(config Config) (*Login, error) {
	cost, err := bcrypt.Cost([]byte(config.Hash))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w is not a bcrypt hash", ErrHash)
	case cost > mostCost:
		return nil, fmt.Errorf("%w has cost %d, at most %d is allowed", ErrHash, cost, mostCost)
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Login{
		config: config, sessions: newSessions(config.Now), throttle: newThrottle(config.Now),
		checking: make(chan struct{}, 1),
	}, nil
}

// Guard returns a handler that shows next only to those who are logged in, and
// everybody else the form. It answers [Path] and [OutPath] itself.
func (l *Login) Guard(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, l.form)
	mux.HandleFunc("POST "+Path, l.in)
	mux.HandleFunc("POST "+OutPath, l.out)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case l.known(r):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, Path, http.StatusSeeOther)
		default:
			http.Error(w, "log in first", http.StatusUnauthorized)
		}
	})
	return mux
}

// known reports whether a request comes from a person who is logged in.
func (l *Login) known(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName)
	return err == nil && l.sessions.has(cookie.Value)
}

func (l *Login) form(w http.ResponseWriter, r *http.Request) {
	if l.known(r) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	l.config.Form(w, r, http.StatusOK, Form{})
}

func (l *Login) in(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "this form cannot be read", http.StatusBadRequest)
		return
	}
	if wait := l.throttle.take(r.RemoteAddr); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(wait.Seconds())+1))
		l.config.Form(w, r, http.StatusTooManyRequests, Form{Wait: wait})
		return
	}
	right, err := l.check(r.Context(), r.PostForm.Get(Field))
	switch {
	case err != nil:
		http.Error(w, "too many are logging in; try again", http.StatusServiceUnavailable)
	case !right:
		l.config.Log.Warn("wrong password", "remote", r.RemoteAddr)
		l.config.Form(w, r, http.StatusForbidden, Form{Wrong: true})
	default:
		l.throttle.forget(r.RemoteAddr)
		l.config.Log.Info("logged in", "remote", r.RemoteAddr)
		http.SetCookie(w, newCookie(r, l.sessions.add(), Lifetime))
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// check compares a password with the hash, in a time that tells nothing.
func (l *Login) check(ctx context.Context, password string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, turnTimeout)
	defer cancel()
	select {
	case l.checking <- struct{}{}:
		defer func() { <-l.checking }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return len(password) <= longest &&
		bcrypt.CompareHashAndPassword([]byte(l.config.Hash), []byte(password)) == nil, nil
}

func (l *Login) out(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(cookieName); err == nil {
		l.sessions.end(cookie.Value)
	}
	http.SetCookie(w, newCookie(r, "", -time.Second))
	http.Redirect(w, r, Path, http.StatusSeeOther)
}
