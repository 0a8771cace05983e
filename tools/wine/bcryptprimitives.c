/* Stands in for a library that Wine 8 lacks and every Rust program wants: random numbers. For
   tests alone. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    while (length > 0) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG) length;
        SystemFunction036(data, part);
        data += part;
        length -= part;
    }
    return TRUE;
}
