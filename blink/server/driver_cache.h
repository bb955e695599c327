/* driver_cache.h - compiled shaders that one client's drawing left, for the next one's.
 *
 * llvmpipe compiles for each context anew what a draw needs: 80 to 170 ms at the first draws
 * of a client, in which nobody else is drawn.  Mesa's disk cache keeps the code by the hash
 * of what it was made from.  Here it is a file without a name, which ends with the process:
 * nothing from outside is read, and no later server runs what this one was made to write.
 * That something was compiled before can be told by the time that it takes, by clients too. */
#ifndef BLINK_SERVER_DRIVER_CACHE_H
#define BLINK_SERVER_DRIVER_CACHE_H

/* Before the driver is opened: has Mesa keep a cache in a folder of its own, which is written
 * to path (of size bytes); without a place for one, or without Mesa, there is none. */
void driver_cache_begin(char *path, unsigned size);

/* After it is open, and before system calls are filtered: the folder goes, the file stays
 * open.  Does nothing if path is empty. */
void driver_cache_hide(const char *path);

#endif
