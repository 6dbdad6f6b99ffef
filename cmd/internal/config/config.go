// Package config holds the settings that revoker's commands share: each a
// flag, with an environment variable that sets the same flag.
package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

const (
	// annotation marks the flags that an environment variable sets as well.
	annotation = "environment"
	// annotationFile marks those of them that a file may set, too: a variable
	// with _FILE at its end names it.
	annotationFile = "file"
	// annotationRedis marks the flags of [Redis].
	annotationRedis = "redis"
)

// env binds an environment variable to a flag, and names it in the help text.
func env(f *pflag.FlagSet, flag, variable string) {
	f.Lookup(flag).Usage += " [" + variable + "]"
	_ = f.SetAnnotation(flag, annotation, []string{variable}) // fails only for a flag that is not there
}

// envOrFile does so for a flag that may hold a secret, which a file may give
// instead.
func envOrFile(f *pflag.FlagSet, flag, variable string) {
	env(f, flag, variable+", "+variable+"_FILE")
	_ = f.SetAnnotation(flag, annotation, []string{variable})
	_ = f.SetAnnotation(flag, annotationFile, nil)
}

// retired is a flag that is no longer a setting. Setting it says what there is instead.
type retired struct{ instead string }

func (r retired) String() string   { return "" }
func (r retired) Type() string     { return "retired" }
func (r retired) Set(string) error { return errors.New(r.instead) }

// retire refuses a flag, and its environment variable, that an earlier version had.
func retire(f *pflag.FlagSet, flag, variable, instead string) {
	f.VarPF(retired{instead}, flag, "", "").Hidden = true
	env(f, flag, variable)
}

// FromEnvironment sets every flag that was not given on the command line and
// whose environment variable is set. Blanks and line breaks around a value do not
// count. An error names the variable, or a flag of the command line that shows a
// password to everybody on the machine.
func FromEnvironment(f *pflag.FlagSet, getenv func(string) string) (err error) {
	f.VisitAll(func(flag *pflag.Flag) {
		names := flag.Annotations[annotation]
		if err != nil || len(names) == 0 {
			return
		}
		_, secret := flag.Annotations[annotationFile]
		if flag.Changed {
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
		if bad := f.Set(flag.Name, value); bad != nil {
			err = fmt.Errorf("%s in the environment: %w", names[0], FlagError(bad))
		}
	})
	return err
}

// FlagError returns what is wrong with a flag's value and what one looks like,
// where err says that a value cannot be read, and otherwise err.
func FlagError(err error) error {
	bad, is := errors.AsType[*pflag.InvalidValueError](err)
	if !is {
		return err
	}
	kind, flag := "another value", bad.GetFlag()
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

// secretOrFile returns the secret in the environment variable, or that in the
// file which the variable with _FILE at its end names, without blanks and line
// breaks around it; nothing if neither is set.
func secretOrFile(getenv func(string) string, name string) (string, error) {
	value, file := strings.TrimSpace(getenv(name)), strings.TrimSpace(getenv(name+"_FILE"))
	switch {
	case value != "" && file != "":
		return "", fmt.Errorf("both %s and %s_FILE are set: unset one", name, name)
	case file == "":
		return value, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	secret := strings.TrimSpace(strings.TrimPrefix(string(content), "\ufeff")) // as Windows' Notepad begins a file
	if secret == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, file)
	}
	return secret, nil
}
