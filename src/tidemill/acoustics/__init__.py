"""Sound: samples as the bytes of WAV files, and as pictures of what is heard when."""
