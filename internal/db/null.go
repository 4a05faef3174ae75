package db

// Null stores an empty text as NULL.
func Null(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
