package outcome

// Namespace returns what stands before every key, without the braces. Others
// who keep something beside outcomes keep it there too.
func (s *Store) Namespace() string { return s.config.Namespace }
