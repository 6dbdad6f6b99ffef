package tasks

const (
	// unreadable marks the ID of a task that would else pass for an imp_uid.
	unreadable = "task:"
	// maxName bounds what names a task that could not be read.
	maxName = 128
)

// Unreadable returns the name of a task that could not be read: its ID, told
// apart from any imp_uid, which may have a proper task.
func Unreadable(id string) string {
	if ValidateImpUID(id) == nil {
		return unreadable + id
	}
	return id[:min(len(id), maxName)]
}
