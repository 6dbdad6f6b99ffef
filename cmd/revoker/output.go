package main

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// outputFile is what a command writes to. A regular file is replaced only when the new one
// is complete, so that no half of one is ever taken for a whole; until then it is a part
// file beside it. All else, such as standard output, a pipe or a device, is written to as
// it is.
type outputFile struct {
	io.Writer
	name    string   // as the user gave it
	file    *os.File // to be closed; nil for standard output, and once it is complete
	replace string   // the regular file that the part file becomes; "" if there is none
}

// createOutput begins an output: "-" is standard output. A link is followed, so that what it
// leads to is replaced and the link stays. A file that exists keeps its permissions; a new
// one can be read by its owner alone.
func (p *program) createOutput(name string) (*outputFile, error) {
	switch name {
	case "":
		return nil, errors.New("its name is empty")
	case "-":
		return &outputFile{Writer: p.stdout, name: name}, nil
	}
	is, err := os.Stat(name)
	switch {
	case err == nil && p.opened(is) != nil:
		return &outputFile{Writer: p.opened(is), name: name}, nil
	case err == nil && !is.Mode().IsRegular():
		return openOutput(name)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	replace, err := followLinks(name)
	if err != nil {
		return nil, err
	}
	folder, _ := filepath.Split(replace)
	file, err := os.CreateTemp(cmp.Or(folder, "."), "revoker-*.part") // O_EXCL, and mode 0600
	if err != nil {
		return nil, err
	}
	output := &outputFile{Writer: file, name: name, file: file, replace: replace}
	if is != nil {
		if err := file.Chmod(is.Mode().Perm()); err != nil {
			output.abandon()
			return nil, err
		}
	}
	return output, nil
}

// openOutput opens what is no regular file. Opening a pipe waits for its reader.
func openOutput(name string) (*outputFile, error) {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &outputFile{Writer: file, name: name, file: file}, nil
}

// opened returns the one of the program's own outputs that a file is, nil if it is none.
// /dev/stdout is, also where a shell has redirected it to a regular file: opened anew, it
// would be written from its beginning, over what is in it.
func (p *program) opened(is fs.FileInfo) io.Writer {
	for _, own := range []io.Writer{p.stdout, p.stderr} {
		if file, ok := own.(*os.File); ok {
			if owns, err := file.Stat(); err == nil && os.SameFile(is, owns) {
				return own
			}
		}
	}
	return nil
}

// maxLinks is how many links Linux follows before it takes them for a circle.
const maxLinks = 40

// followLinks returns the name that a link leads to, whether or not there is such a file,
// and a name that is no link as it is.
func followLinks(name string) (string, error) {
	for range maxLinks {
		to, err := os.Readlink(name)
		if err != nil {
			return name, nil
		}
		if !filepath.IsAbs(to) {
			folder, _ := filepath.Split(name)
			to = folder + to // not Join: where the folder is a link, its .. is not the name before it
		}
		name = to
	}
	return "", &fs.PathError{Op: "follow", Path: name, Err: syscall.ELOOP}
}

// complete closes the file, and gives it its name.
func (o *outputFile) complete() error {
	if o.file == nil {
		return nil
	}
	if o.replace != "" {
		if err := o.file.Sync(); err != nil {
			return err
		}
	}
	if err := o.file.Close(); err != nil {
		return err
	}
	if o.replace != "" {
		if err := os.Rename(o.file.Name(), o.replace); err != nil {
			return err
		}
	}
	o.file = nil
	return nil
}

// abandon ends an output that was not completed: its part file is removed.
func (o *outputFile) abandon() {
	if o.file == nil {
		return
	}
	o.file.Close()
	if o.replace != "" {
		_ = os.Remove(o.file.Name())
	}
}
