"""Images in and out: folders, arrays, columns of paths or bytes."""
