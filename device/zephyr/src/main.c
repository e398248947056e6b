#include <zephyr/kernel.h>
#include <zephyr/bluetooth/bluetooth.h>
int main(void)
{
	return bt_enable(NULL);
}
