package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// outputFile is what a command writes an export or a report to. A regular file is replaced only when
// the new one is complete, so that half a report on a full disk never has the name of a whole one.
// Until then the content is in a part file beside it, revoker-*.part. All else, such as standard
// output, a pipe or a device, is written to as it is: done by root, a rename onto /dev/null would put a
// regular file in the place of the device.
//
// The caller ends it with complete, and defers abandon for every other way out.
type outputFile struct {
	io.Writer
	name    string   // as the user gave it
	file    *os.File // to be closed; nil for standard output, and once it is complete
	replace string   // the regular file that the part file becomes; "" if there is none
}

// createOutput begins an output: "-" is standard output. A file that exists keeps its permissions; a new
// one can be read by its owner alone, since it lists customers' payments. A symbolic link is refused:
// whoever may write into the folder could have made it lead to a file of the user's.
//
// The error says why the file cannot be written; the caller puts before it what was to be written.
func (p *program) createOutput(name string) (*outputFile, error) {
	switch name {
	case "":
		return nil, errors.New("its name is empty")
	case "-":
		return &outputFile{Writer: p.stdout, name: name}, nil
	}
	is, err := os.Lstat(name)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err == nil && is.Mode().Type() == fs.ModeSymlink:
		return p.throughLink(name)
	case err == nil && p.opened(is) != nil:
		return &outputFile{Writer: p.opened(is), name: name}, nil
	case err == nil && !is.Mode().IsRegular():
		return openOutput(name, syscall.O_NOFOLLOW)
	}
	// The part file is in the folder of the final one: rename(2) cannot move a file to another file
	// system. "." is for a name without a folder, as CreateTemp takes "" for the folder of temporary
	// files.
	folder, _ := filepath.Split(name)
	file, err := os.CreateTemp(cmp.Or(folder, "."), "revoker-*.part") // O_EXCL, and mode 0600
	if err != nil {
		return nil, err
	}
	output := &outputFile{Writer: file, name: name, file: file, replace: name}
	if is != nil {
		if err := file.Chmod(is.Mode().Perm()); err != nil {
			output.abandon()
			return nil, err
		}
	}
	return output, nil
}

// throughLink begins an output whose name is a symbolic link. Only two kinds are followed: to the
// program's own output, as /dev/stdout is one, and those of the system that lead to an open pipe or
// device, as /dev/fd/63 of bash' >(…) does. The error names the file that any other link leads to.
func (p *program) throughLink(name string) (*outputFile, error) {
	is, err := os.Stat(name)
	switch {
	case err == nil && p.opened(is) != nil:
		return &outputFile{Writer: p.opened(is), name: name}, nil
	case err == nil && !is.Mode().IsRegular() && strings.HasPrefix(filepath.Clean(name), "/dev/fd/"):
		return openOutput(name, 0)
	}
	to, err := os.Readlink(name)
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%s is a symbolic link, which is not followed: name the file itself, %s", name, to)
}

// openOutput opens a file that is no regular one, without O_CREATE and O_TRUNC: it exists, and has no
// length. Opening a named pipe waits until another process reads it. A folder is an error here. With
// the flag O_NOFOLLOW so is a link that has taken the file's place since it was looked at, and so is a
// regular file in any case.
func openOutput(name string, flag int) (*outputFile, error) {
	file, err := os.OpenFile(name, os.O_WRONLY|flag, 0)
	if err != nil {
		return nil, err
	}
	if is, err := file.Stat(); err != nil || is.Mode().IsRegular() {
		file.Close()
		return nil, cmp.Or(err, fmt.Errorf("%s was no regular file, and is one now: try again", name))
	}
	return &outputFile{Writer: file, name: name, file: file}, nil
}

// opened returns the program's own output that is the same file, nil if none is. In
// "revoker dead export /dev/stdout >> log" the name leads to the regular file log. Opened anew it
// would be replaced, with all that the log had before; written through standard output, the text is
// appended as the shell was told.
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

// complete closes the file and gives it its final name. On an error the file that was there before
// stays; abandon then removes the part file. Called for standard output it does nothing.
func (o *outputFile) complete() error {
	if o.file == nil {
		return nil
	}
	// The content reaches the disk before the name does. Otherwise a machine that loses its power
	// could keep the new name with an empty file.
	if o.replace != "" {
		if err := o.file.Sync(); err != nil {
			return err
		}
	}
	// Some file systems, such as NFS, report a full disk only when the file is closed (close(2)).
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

// abandon ends an output that was not completed, and removes its part file. After complete it does
// nothing.
func (o *outputFile) abandon() {
	if o.file == nil {
		return
	}
	o.file.Close()
	if o.replace != "" {
		_ = os.Remove(o.file.Name())
	}
}
