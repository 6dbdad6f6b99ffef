// Package config holds the settings that revoker's commands share. Each is a flag, and the
// environment variable beside it sets the same flag, so that range checks, help texts and
// defaults exist once. A command registers those that it needs (Flags), and
// [FromEnvironment] fills in what the command line does not say.
//
// Users' scripts and units name the flags and variables: a setting that is dropped is
// retired, not deleted. The table of settings in deploy/REFERENCE.md is generated from the
// flags that are registered here.
package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

const (
	// annotation marks the flags that an environment variable sets as well. Its value is a
	// list of one, the variable's name, by which the table of settings in
	// deploy/REFERENCE.md is made, too.
	annotation = "environment"
	// annotationFile marks those of them that may hold a secret. A variable with _FILE at
	// its end then names a file that sets the flag, and a password on the command line is
	// refused.
	annotationFile = "file"
	// annotationRedis marks the flags of [Redis], which the help texts show as a group of
	// their own; see [FindsRedis].
	annotationRedis = "redis"
)

// env binds an environment variable to a flag, and names it in the flag's help text. The
// flag must have been registered before.
func env(f *pflag.FlagSet, flag, variable string) {
	f.Lookup(flag).Usage += " [" + variable + "]"
	// SetAnnotation fails only for a flag that is not registered, and the line above would
	// have panicked.
	_ = f.SetAnnotation(flag, annotation, []string{variable})
}

// envOrFile is [env] for a flag that may hold a secret, as a URL holds a password: a secret
// that is mounted as a file need not be in the environment of every process. The help text
// names both variables, the annotation only the first, from which [secretOrFile] makes the
// other.
func envOrFile(f *pflag.FlagSet, flag, variable string) {
	env(f, flag, variable+", "+variable+"_FILE")
	_ = f.SetAnnotation(flag, annotation, []string{variable})
	_ = f.SetAnnotation(flag, annotationFile, nil)
}

// retired is the value of a flag that an earlier version had. Setting it fails with what
// there is instead: a setting that is ignored in silence would leave a worker with limits
// that its operator does not expect.
type retired struct{ instead string }

func (r retired) String() string   { return "" }
func (r retired) Type() string     { return "retired" }
func (r retired) Set(string) error { return errors.New(r.instead) }

// retire registers a flag that is refused, with its environment variable. The help text
// does not show it.
func retire(f *pflag.FlagSet, flag, variable, instead string) {
	f.VarPF(retired{instead}, flag, "", "").Hidden = true
	env(f, flag, variable)
}

// FromEnvironment sets every flag that was not given on the command line and whose
// environment variable is set: the command line outranks the environment. A variable that
// is empty or blank counts as not set, and its flag keeps its default; blanks and line
// breaks around a value do not count.
//
// An error names the variable, or a flag of the command line that shows a password to every
// user of the machine. Callers exit with 2, wrong usage.
func FromEnvironment(f *pflag.FlagSet, getenv func(string) string) (err error) {
	f.VisitAll(func(flag *pflag.Flag) {
		names := flag.Annotations[annotation]
		// VisitAll cannot be stopped: after an error the other flags are passed over.
		if err != nil || len(names) == 0 {
			return
		}
		_, secret := flag.Annotations[annotationFile]
		if flag.Changed {
			// Every user of the machine reads the command line with ps. The URL is not
			// repeated in the error, which may end in a log.
			if secret && holdsPassword(flag.Value.String()) {
				err = fmt.Errorf("--%s holds a password, which the list of processes shows: "+
					"give the URL in %s, or in a file that %[2]s_FILE names", flag.Name, names[0])
			}
			return
		}
		value := strings.TrimSpace(getenv(names[0]))
		if secret {
			value, err = secretOrFile(getenv, names[0])
		}
		if err != nil || value == "" {
			return
		}
		// The error of a variable must not name only its flag, which the user did not type.
		if bad := f.Set(flag.Name, value); bad != nil {
			err = fmt.Errorf("%s in the environment: %w", names[0], FlagError(bad))
		}
	})
	return err
}

// FlagError returns an error of pflag in this project's words: which flag, which value, and
// what a value looks like. pflag's own text repeats strconv's, as in "strconv.ParseInt:
// parsing "ten": invalid syntax". Errors of other kinds, such as an unknown flag, are
// returned as they are.
func FlagError(err error) error {
	bad, is := errors.AsType[*pflag.InvalidValueError](err)
	if !is {
		return err
	}
	kind, flag := "another value", bad.GetFlag()
	// The names are those that pflag gives the types of values; "retired" is our own.
	switch flag.Value.Type() {
	case "retired":
		return fmt.Errorf("--%s is no longer a setting: %w", flag.Name, bad.Unwrap())
	case "int", "uint64":
		kind = "a whole number"
	case "float64":
		kind = "a number"
	case "duration":
		kind = "a duration such as 90s or 1h30m"
	case "bool":
		kind = "true or false"
	}
	return fmt.Errorf("--%s %q must be %s", flag.Name, bad.GetValue(), kind)
}

// secretOrFile returns the secret in the environment variable, or that in the file which
// the variable with _FILE at its end names, without blanks and line breaks around it: an
// editor ends a file with a line break, which PortOne and Redis would take for a part of
// the secret. It is empty if neither is set.
//
// Both at once are an error, since one of them is probably old. So is an empty file, such
// as a mount that failed; no error contains the secret.
func secretOrFile(getenv func(string) string, name string) (string, error) {
	value, file := strings.TrimSpace(getenv(name)), strings.TrimSpace(getenv(name+"_FILE"))
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("both %s and %s_FILE are set: unset one", name, name)
	case file == "":
		return value, nil
	}
	// The whole file counts, so a secret may have line breaks within.
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	// Notepad of Windows begins a file with a byte order mark.
	secret := strings.TrimSpace(strings.TrimPrefix(string(content), "\ufeff"))
	if secret == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, file)
	}
	return secret, nil
}
